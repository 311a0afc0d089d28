module small

go 1.18
