heap profile: 3: 1536 [9: 4608] @ heap/1048576
1: 512 [3: 1536] @ 0x47b4c3 0x47c01f
#	0x47b4c2	main.list+0x22	/src/main.go:12

2: 1024 [6: 3072] @ 0x47b4c3 0x47c01f 0x400010
0: 0 [2: 64] @ 0x7f1000001234
0: 0 [0: 0] @ 0x9

# runtime.MemStats
# Alloc = 7
