// Macros in lower case of windows.h, as list-windows-macros finds them in the headers of mingw-w64. None is
// fit to be any part of a program.

// minwindef.h
#define cdecl ~hostile ~
#define far ~hostile ~
#define max(a, b) ~hostile ~
#define min(a, b) ~hostile ~
#define near ~hostile ~
#define pascal ~hostile ~

// winnt.h
#define memcpy ~hostile ~

// basetyps.h
#define interface ~hostile ~

// rpc.h
#define midl_user_allocate ~hostile ~
#define midl_user_free ~hostile ~

// rpcndr.h
#define boolean_array_from_ndr(Source, LowerIndex, UpperIndex, Target) ~hostile ~
#define boolean_from_ndr(source, target) ~hostile ~
#define byte_array_from_ndr(Source, LowerIndex, UpperIndex, Target) ~hostile ~
#define byte_from_ndr(source, target) ~hostile ~
#define hyper ~hostile ~
#define small ~hostile ~
#define small_array_from_ndr(Source, LowerIndex, UpperIndex, Target) ~hostile ~
#define small_from_ndr(source, target) ~hostile ~
#define small_from_ndr_temp(source, target, format) ~hostile ~

// winbase.h
#define lstrcat ~hostile ~
#define lstrcmp ~hostile ~
#define lstrcmpi ~hostile ~
#define lstrcpy ~hostile ~
#define lstrcpyn ~hostile ~
#define lstrlen ~hostile ~

// winuser.h
#define wsprintf ~hostile ~
#define wvsprintf ~hostile ~

// winsock2.h
#define u_long ~hostile ~
