// Package api is the HTTP face of thumbs.
package api

import (
	"fmt"
	"net/http"
	"strconv"

	"thumbs/pipeline"
)

const picturesMax = 1000

// Album answers GET /album?pictures=COUNT.
func Album(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(r.URL.Query().Get("pictures"))
	if err != nil || count < 1 || count > picturesMax {
		http.Error(w, "pictures: 1 to 1000 are expected", http.StatusBadRequest)
		return
	}
	pictures := make([]pipeline.Picture, count)
	for i := range pictures {
		pictures[i] = pipeline.Picture{
			Name: "img" + strconv.Itoa(i) + ".jpg",
			Seed: uint32(i),
		}
	}
	album := pipeline.Run(pictures)
	fmt.Fprintf(w, "%d pictures, %08x\n", album.Pictures(), album.Sum())
}
