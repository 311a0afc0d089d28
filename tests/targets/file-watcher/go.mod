module configd

go 1.18
