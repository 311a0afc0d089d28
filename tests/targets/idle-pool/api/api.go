// Package api is the HTTP face of the gateway.
package api

import (
	"fmt"
	"net/http"
	"strconv"

	"gateway/pool"
)

// Server answers requests with the help of a pool.
type Server struct {
	pool *pool.Pool
	mux  *http.ServeMux
}

// New makes a server.
func New(p *pool.Pool) *Server {
	s := &Server{pool: p, mux: http.NewServeMux()}
	s.mux.HandleFunc("/fetch", s.fetch)
	s.mux.HandleFunc("/status", s.status)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mux.ServeHTTP(w, r)
}

// fetch answers GET /fetch?timeout=MILLISECONDS.
func (s *Server) fetch(w http.ResponseWriter, r *http.Request) {
	timeout, err := strconv.ParseInt(r.URL.Query().Get("timeout"), 10, 32)
	if err != nil || timeout < 0 {
		http.Error(w, "timeout: milliseconds are expected", http.StatusBadRequest)
		return
	}
	conn, err := s.pool.Get(r.Context(), int32(timeout))
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer s.pool.Put(conn)
	fmt.Fprintf(w, "from upstream %d\n", conn.ID)
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	for _, line := range s.pool.Journal() {
		fmt.Fprintln(w, line)
	}
}
