//go:build !mended

package store

import "context"

// Export sums up all orders.
func (r *Repository) Export(ctx context.Context) (Totals, error) {
	var totals Totals
	var orders []Order
	err := r.db.WithContext(ctx).Order("id").Find(&orders).Error // FAULT
	if err != nil {
		return totals, err
	}
	totals.add(orders)
	if totals.Orders == 0 {
		return totals, errNoOrders
	}
	return totals, nil
}
