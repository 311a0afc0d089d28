heap profile: 3: 1536 [3: 1536] @ fragmentationz
 1: 512 [ 1: 512] @ 0x47b4c3 0x47c01f
