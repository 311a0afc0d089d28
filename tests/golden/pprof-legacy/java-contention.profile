--- contentionz 1 ---
format = java
resolution = microseconds
sampling period = 100
ms since reset = 6019923
            1     1 @ 0x1 0x2
       14  1 @ 0x1 0x3
  0x1 com.example.f (source.java:3)
 0x2 com.f (x) (a:b:7)
 0x3 GC
