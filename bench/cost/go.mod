module cost

go 1.18
