package kerberos

import (
	"errors"
	"fmt"

	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/types"
)

// CheckKeytab reports whether a keytab can be read and has keys.
func CheckKeytab(b []byte) error {
	_, err := readKeytab(b)
	return err
}

func readKeytab(b []byte) (*keytab.Keytab, error) {
	k := keytab.New()
	if err := guard("the keytab", func() error { return k.Unmarshal(b) }); err != nil {
		return nil, fmt.Errorf("reading a keytab: %w", err)
	}
	if len(k.Entries) == 0 {
		return nil, errors.New("reading a keytab: it is empty")
	}
	return k, nil
}

// keytabKey is the account's newest key of a cipher.
func (a Account) keytabKey(cipher int32) (types.EncryptionKey, error) {
	k, err := readKeytab(a.Keytab)
	if err != nil {
		return types.EncryptionKey{}, err
	}
	key, _, err := k.GetEncryptionKey(types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, a.User), a.Realm, 0, cipher)
	return key, err
}
