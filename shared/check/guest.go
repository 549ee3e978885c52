package check

// FactGuest is a row: the Name and Disabled (1 or 0) of the account whose RID is
// 501, whatever it is called.
const FactGuest = "account"

const guestRulings = `disabled
host.product_type=2|+whose| of the domain
for account
first|next
|+first|yes
Disabled=1|pass|disabled|The guest account {Name}{whose} is disabled.
Disabled=0|high|enabled|The guest account {Name}{whose} is enabled.
end
|unknown||The account with RID 501 could not be read.`
