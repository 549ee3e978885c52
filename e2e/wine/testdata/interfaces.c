/* What the headers of mingw-w64 say of the COM interfaces that winapi calls by
 * their places: a line "INTERFACE METHOD PLACE" each, and "CLASS GUID". */
#define COBJMACROS
#define INITGUID
#include <windows.h>
#include <stdio.h>
#include <stddef.h>
#include <wbemcli.h>
#include <wuapi.h>

#define METHOD(i, m) printf(#i " " #m " %d\n", (int)(offsetof(i##Vtbl, m) / sizeof(void *)))

static void name(const char *what, const GUID *g)
{
	printf("%s %08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", what, g->Data1, g->Data2, g->Data3,
	       g->Data4[0], g->Data4[1], g->Data4[2], g->Data4[3], g->Data4[4], g->Data4[5], g->Data4[6], g->Data4[7]);
}

int main(void)
{
	METHOD(IWbemLocator, ConnectServer);
	METHOD(IWbemContext, SetValue);
	METHOD(IWbemContext, GetValue);
	METHOD(IWbemServices, GetObject);
	METHOD(IWbemServices, PutInstance);
	METHOD(IWbemServices, ExecQuery);
	METHOD(IWbemServices, ExecMethod);
	METHOD(IEnumWbemClassObject, Next);
	METHOD(IWbemClassObject, Get);
	METHOD(IWbemClassObject, Put);
	METHOD(IWbemClassObject, SpawnInstance);
	METHOD(IWbemClassObject, GetMethod);
	METHOD(IUpdateSession, CreateUpdateSearcher);
	METHOD(IUpdateSearcher, Search);
	METHOD(ISearchResult, get_ResultCode);
	METHOD(ISearchResult, get_Updates);
	METHOD(IUpdateCollection, get_Count);
	METHOD(IUpdateCollection, get_Item);
	METHOD(IUpdate, get_Identity);
	METHOD(IUpdate, get_Title);
	METHOD(IUpdate, get_MsrcSeverity);
	METHOD(IUpdate, get_IsDownloaded);
	METHOD(IUpdate, get_LastDeploymentChangeTime);
	METHOD(IUpdate, get_KBArticleIDs);
	METHOD(IUpdate, get_Categories);
	METHOD(IUpdateIdentity, get_UpdateID);
	METHOD(IStringCollection, get_Count);
	METHOD(IStringCollection, get_Item);
	METHOD(ICategoryCollection, get_Count);
	METHOD(ICategoryCollection, get_Item);
	METHOD(ICategory, get_CategoryID);
	METHOD(ISystemInformation, get_RebootRequired);
	name("clsidLocator", &CLSID_WbemLocator);
	name("iidLocator", &IID_IWbemLocator);
	name("clsidContext", &CLSID_WbemContext);
	name("iidContext", &IID_IWbemContext);
	name("clsidSession", &CLSID_UpdateSession);
	name("iidSession", &IID_IUpdateSession);
	name("clsidSystem", &CLSID_SystemInformation);
	name("iidSystem", &IID_ISystemInformation);
	name("isServices", &IID_IWbemServices);
	name("isEnum", &IID_IEnumWbemClassObject);
	name("isObject", &IID_IWbemClassObject);
	return 0;
}
