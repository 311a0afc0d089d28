//go:build !mended

package main

func (l *ledger) book(p *payment) error {
	a := &l.accounts[p.account]
	a.mu.Lock() // FAULT
	if p.amount > 100000 {
		return errLimit
	}
	a.balance += p.amount
	a.mu.Unlock()
	return nil
}
