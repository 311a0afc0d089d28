// Package api is the HTTP face of the orders.
package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"orders/store"
)

// ByCustomer answers GET /orders?customer=ID.
func ByCustomer(repository *store.Repository) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseUint(r.URL.Query().Get("customer"), 10, 32)
		if err != nil {
			http.Error(w, "customer: a number is expected", http.StatusBadRequest)
			return
		}
		orders, err := repository.ByCustomer(r.Context(), uint(id))
		reply(w, orders, err)
	})
}

// Export answers GET /orders/export.
func Export(repository *store.Repository) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		totals, err := repository.Export(r.Context())
		reply(w, totals, err)
	})
}

func reply(w http.ResponseWriter, body interface{}, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}
