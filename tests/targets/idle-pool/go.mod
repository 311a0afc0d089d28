module gateway

go 1.18
