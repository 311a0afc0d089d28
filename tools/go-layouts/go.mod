module lastgasp.example/go-layouts

go 1.21
