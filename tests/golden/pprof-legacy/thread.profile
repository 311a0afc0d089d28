--- threadz 1 ---

--- Thread 7f79 (name: main/14748) stack: ---
  PC:  0x00bc8f1c: helper(arg *)
  0x0040be31: main
  0x7f7949a9811d: __libc_start_main
--- Thread 7f7a (name: t1/14751) stack: ---
  [same as previous thread]
--- Thread 7f (name: t2/3) stack: ---
 0x1001 0x1001 0x1002 creator: 0x3
--- Memory map: ---
  00400000-00fcb000: /srv/bin/shop
  7f794964f000-7f7949652000: /lib/libnss-2.15.so
