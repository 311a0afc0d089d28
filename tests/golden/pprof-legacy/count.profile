# a comment

goroutine profile: total 3
2 @ 0x43a1c5 0x44b0d0
#	0x43a1c4	main.f+0x1	/a.go:1

010 @ 0x43a1c5
--- Memory map: ---
400000-500000: /srv/bin/shop
