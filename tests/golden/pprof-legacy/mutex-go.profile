--- mutex:
cycles/second=2399992389
sampling period=3
1431 12 @ 0x4659d4 0x47f0e4
#	0x4659d3	sync.(*Mutex).Unlock+0x13	/x.go:1
99 1 @ 0x4659d4
123 @ 0x5

