// Package store is the repository: all SQL of the service is here.
package store

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Order is a row of the table orders.
type Order struct {
	ID         uint `gorm:"primaryKey"`
	CustomerID uint `gorm:"index"`
	Cents      int64
	Status     string
	PaidAt     int64
}

// Repository reads orders.
type Repository struct {
	db *gorm.DB
}

// Open opens a database that Seed has made.
func Open(file string) (*Repository, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	db, err := gorm.Open(sqlite.Open(file), &gorm.Config{
		Logger: logger.Discard,
	})
	if err != nil {
		return nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(4)
	return &Repository{db: db}, nil
}

// ByCustomer returns the newest orders of a customer, at most 20.
func (r *Repository) ByCustomer(ctx context.Context, id uint) ([]Order, error) {
	var orders []Order
	err := r.db.WithContext(ctx).Where("customer_id = ?", id).
		Order("id DESC").Limit(20).Find(&orders).Error
	return orders, err
}

// Totals is what the export is made for.
type Totals struct {
	Orders int
	Cents  int64
	Open   int
	Newest time.Time
}

func (t *Totals) add(orders []Order) {
	for i := range orders {
		t.Orders++
		t.Cents += orders[i].Cents
		if orders[i].Status == "open" {
			t.Open++
		}
		if at := time.Unix(orders[i].PaidAt, 0); at.After(t.Newest) {
			t.Newest = at
		}
	}
}

var errNoOrders = errors.New("no orders")
