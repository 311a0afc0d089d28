module thumbs

go 1.18
