package store

import (
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "github.com/glebarez/sqlite"
)

const (
	customers = 50000
	// SQLite takes 32766 parameters in a statement; five a row.
	rowsPerInsert = 500
)

// Seed makes a database with so many orders. It writes beside the file and
// renames at the end, so that a file that is there is complete.
func Seed(file string, rows int) error {
	part := file + ".part"
	if err := os.Remove(part); err != nil && !os.IsNotExist(err) {
		return err
	}
	db, err := sql.Open("sqlite", part+
		"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := fill(db, rows); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return os.Rename(part, file)
}

func fill(db *sql.DB, rows int) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`CREATE TABLE orders (
		id INTEGER PRIMARY KEY, customer_id INTEGER, cents INTEGER,
		status TEXT, paid_at INTEGER)`); err != nil {
		return err
	}
	for first := 1; first <= rows; first += rowsPerInsert {
		last := first + rowsPerInsert - 1
		if last > rows {
			last = rows
		}
		if _, err := tx.Exec(insert(first, last)); err != nil {
			return fmt.Errorf("rows %d to %d: %w", first, last, err)
		}
	}
	if _, err := tx.Exec(`CREATE INDEX idx_orders_customer_id
		ON orders(customer_id)`); err != nil {
		return err
	}
	return tx.Commit()
}

// insert is literal SQL: binding ten million parameters one by one would take
// most of the time.
func insert(first, last int) string {
	var sql strings.Builder
	sql.WriteString("INSERT INTO orders VALUES ")
	for id := first; id <= last; id++ {
		if id > first {
			sql.WriteByte(',')
		}
		status := "paid"
		if id%17 == 0 {
			status = "open"
		}
		fmt.Fprintf(&sql, "(%d,%d,%d,'%s',%d)", id, id*7919%customers,
			100+id*31%90000, status, 1700000000+id)
	}
	return sql.String()
}
