// Names that other people's headers define as macros, windows.h foremost: ours work all the same.
#include "others.hpp"
#include "windows_macros.hpp"

#define IN ~hostile ~
#define OUT ~hostile ~
#define ERROR ~hostile ~
#define DELETE ~hostile ~
#define NO_ERROR ~hostile ~
#define OPTIONAL ~hostile ~
#define STRICT ~hostile ~
#define TRUE ~hostile ~
#define FALSE ~hostile ~
#define VOID ~hostile ~
#define CONST ~hostile ~
#define SUCCESS ~hostile ~
#define FAILURE ~hostile ~
#define DEBUG ~hostile ~
#define Yield ~hostile ~
#define GetObject ~hostile ~
#define GetMessage ~hostile ~
#define SendMessage ~hostile ~
#define check(condition) ~hostile ~

#include "ours.hpp"

int main() {}
