// Package api is the HTTP face of configd, and who calls it.
package api

import (
	"fmt"
	"net/http"

	"configd/bus"
)

// Version answers GET /routes/version?known=VERSION: it says whether the
// caller has to reload. It subscribes first, so as not to miss a change, and
// receives only when the caller knows no version yet.
func Version(events *bus.EventBus) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		changed := events.Subscribe("routes")
		known := r.URL.Query().Get("known")
		if known == "" {
			fmt.Fprintln(w, "reload", (<-changed).Version)
			return
		}
		if newest := events.Newest("routes").Version; newest != known {
			fmt.Fprintln(w, "reload", newest)
			return
		}
		fmt.Fprintln(w, "current")
	})
}
