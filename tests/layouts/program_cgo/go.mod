module lastgasp.example/probe

go 1.17
