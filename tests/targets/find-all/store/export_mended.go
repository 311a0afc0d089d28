//go:build mended

package store

import (
	"context"

	"gorm.io/gorm"
)

// Export sums up all orders, a batch at a time.
func (r *Repository) Export(ctx context.Context) (Totals, error) {
	var totals Totals
	var batch []Order
	err := r.db.WithContext(ctx).FindInBatches(&batch, 2000,
		func(*gorm.DB, int) error {
			totals.add(batch)
			return nil
		}).Error
	if err != nil {
		return totals, err
	}
	if totals.Orders == 0 {
		return totals, errNoOrders
	}
	return totals, nil
}
