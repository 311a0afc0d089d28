heap profile: 3: 1536 [3: 1536] @ heapprofile
 1: 512 [ 1: 512] @ 0x40001 0x47c01f 0x90000
MAPPED_LIBRARIES:
build=/srv/build
main.cc:17] 0x40000-0x480000 $build/shop (@400) abc123
  480000-490000: $build/libx.so
  nonsense
  $build=3
  5000060000 r-xp lib.so_2
