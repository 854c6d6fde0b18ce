package address

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
)

// Names are the files of all baked pages.
type Names struct {
	Places map[Address]Place
	// Failed are the addresses without a file, with the reason.
	Failed map[Address]string
	// Twins are files whose names differ by case alone: on some file systems they are one.
	Twins []string
}

// Assign gives each item a file. Which of two that want the same one gets it does not
// depend on their order: the one without a query, then the shorter address.
func Assign(items []Item) Names {
	n := Names{Places: make(map[Address]Place, len(items)), Failed: map[Address]string{}}
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.QueryKind, b.QueryKind), cmp.Compare(len(a.Address), len(b.Address)), cmp.Compare(a.Address, b.Address))
	})
	owner := make(map[string]Item, len(items))
	lower := make(map[string]string, len(items))
	for _, it := range items {
		p, err := placeOf(it)
		if err != nil {
			n.Failed[it.Address] = err.Error()
			continue
		}
		first, taken := owner[p.File]
		if taken && first.Sum != it.Sum && it.QueryKind == Variant {
			p.File = variantFile(p.File, it.Address.Query())
			p.Path = urlpath.Encode("/" + p.File)
			first, taken = owner[p.File]
		}
		if taken && first.Sum != it.Sum && !slashTwins(first.Address, it.Address) {
			n.Failed[it.Address] = fmt.Sprintf("its file %s is that of %s, with another content", p.File, first.Address)
			continue
		}
		n.Places[it.Address] = p
		if taken {
			continue
		}
		owner[p.File] = it
		if other, ok := lower[strings.ToLower(p.File)]; ok {
			n.Twins = append(n.Twins, other, p.File)
		}
		lower[strings.ToLower(p.File)] = p.File
	}
	n.dropFolders(owner)
	slices.Sort(n.Twins)
	n.Twins = slices.Compact(n.Twins)
	return n
}

// slashTwins finds /a and /a/, which are one page at the destination.
func slashTwins(a, b Address) bool {
	return strings.TrimSuffix(string(a), "/") == strings.TrimSuffix(string(b), "/")
}

// dropFolders drops files whose name is also a folder of others: no file system has both.
func (n *Names) dropFolders(owner map[string]Item) {
	for file := range owner {
		for i := range len(file) {
			if file[i] != '/' {
				continue
			}
			if it, ok := owner[file[:i]]; ok {
				delete(n.Places, it.Address)
				n.Failed[it.Address] = fmt.Sprintf("its file %s is also the folder of others, as of %s", file[:i], file)
			}
		}
	}
}
