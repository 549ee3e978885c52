package sqlos

// symbol numbers a function of the library.
type symbol uint8

const (
	symOpen symbol = iota
	symClose
	symBusyTimeout
	symPrepare
	symStep
	symReset
	symClearBindings
	symFinalize
	symBindInt64
	symBindText
	symBindBlob
	symBindNull
	symColumnInt64
	symColumnType
	symColumnBlob
	symColumnBytes
	symErrMsg
	symExtendedErrCode
	symLastInsertRowID
	symChanges
	symGetAutocommit
	symMalloc
	symFree
	symbolCount
)
