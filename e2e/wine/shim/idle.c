/* Stays until its standard input ends. While a program runs, Wine keeps its
 * services; while one has a desktop, Wine needs not start explorer.exe for
 * another, which would hold that one's output open after its end. */
#include <windows.h>

int main(void)
{
    char byte;
    DWORD n;
    MSG message;

    PeekMessageW(&message, NULL, 0, 0, PM_NOREMOVE);
    GetDesktopWindow();
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), "+", 1, &n, NULL); /* it is there */
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &n, NULL) && n > 0)
        ;
    return 0;
}
