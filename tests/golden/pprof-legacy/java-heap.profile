--- heapz 1 ---
format = java
resolution = bytes
   7048    2 @ 0x01 0x02 0x3
   4752   9 @ 0x4 0x2 0x7
  0x01 com.a.f (Source.java:103)
  0x2 com.a.g (S.java:-2)
 0x3 lib (/lib/x/libc.so.6)
 0x4 generated stub/JIT x
 0x5 GC
