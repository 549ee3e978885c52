/* Wine 8.0 lacks bcryptprimitives.dll, of which Go's runtime needs ProcessPrng
 * to start. advapi32's SystemFunction036 is RtlGenRandom, the same promise
 * (learn.microsoft.com, "ProcessPrng" and "RtlGenRandom", read 2026-11-22). */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    while (size > 0) {
        ULONG part = size > 0x10000000 ? 0x10000000 : (ULONG)size;
        if (!SystemFunction036(data, part))
            return FALSE;
        data += part;
        size -= part;
    }
    return TRUE;
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance, (void)reason, (void)reserved;
    return TRUE;
}
