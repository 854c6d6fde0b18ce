//go:build unix

package ledger

import (
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/postgres"
	"github.com/pressrun/pressrun/test/servers"
)

// onEachEngine are the tests whose promises hold whatever the database is. By themselves
// they run on SQLite.
var onEachEngine = []func(*testing.T){
	TestOnePoisonedDecisionDoesNotSpoilItsBatch,
	TestKeysThatWereUsedBeforeAreKnownInABatchOfManyNewOnes,
	TestADecisionIsCarriedOutThoughItsCallerStoppedWaiting,
	TestCloseCarriesOutWhatWaits,
	TestManyAtOnceKeepTheLedgerSound,
	TestADeliveryAndWhatFollowsFromItAreKeptTogetherAndOnce,
	TestAChangeWaitsUntilAReleaseThatBeganLaterIsLive,
	TestDeliveriesAndChangesAreBounded,
	TestAnOldSecretIsGoodUntilTheOverlapIsOver,
	TestARequestIsServedByOneReleaseAndItsAnswerIsTrueAllAlong,
	TestTheSameKeyIsTheSameRequest,
	TestTheSameKeyIsTheSameRequestAcrossRestarts,
	TestARequestForAnUnknownSiteIsRefused,
	TestABurstOfRequestsHidesNothingElseOfARelease,
	TestReadersAreConnectedBeforeTheyAreNeeded,
	TestTheListOfOpenRequestsTellsWhatEachOneTells,
	TestAFailedReleaseIsToldAndItsRequestIsServedByTheRetry,
	TestARequestThatFailedManyTimesIsStillToldLive,
	TestReleasesAreFoundByWhenTheyWentLive,
	TestStatusStaysTrueThroughCancelAndReset,
	TestARefusedRequestLeavesNothing,
	TestARunThatNobodyDispatchedIsItsOwnRequest,
	TestBatchesDecideAsOneByOne,
	TestNoticesAreKeptForAWhileAndReplayedAtTheEndOfTheLine,
	TestANewTargetIsToldOfWhatHappensFromThenOn,
	TestATaskIsKnownToHaveBeenStartedAfterARestart,
	TestAnAnswerThatTheRulesRefuseEndsItsTaskAllTheSame,
	TestPostponedTasksDoNotHideOnesThatAreDue,
	TestTasksUnderWayDoNotHideOnesThatAreDue,
	TestTheIDOfATaskIsNotGivenTwice,
	TestATaskDoesNotWaitForAClockThatWasPutBack,
	TestAScheduledRequestIsMovedAndWithdrawnUntilItsTimeHasCome,
	TestAHooksLaterEventMovesWhatItScheduledAndOneMayWithdrawIt,
	TestARefusedRequestLeavesTheLookAsItWas,
	TestTheDatabaseItselfRefusesASecondActiveRelease,
	TestARequestIsFoundByWhatAPersonRemembers,
	TestWhatIsFoundSaysWhatBecameOfIt,
	TestNoSearchTextIsAnError,
	TestTheIndexCatchesUpByItself,
	TestWhatIsAskedForAtOnceIsFoundInItsOrder,
	TestASessionIsGoodUntilItEndsOrIsNotUsed,
	TestAllSitesAreReadAsEachIsRead,
	TestTheMetricsOfVeryManySitesAreFound,
	TestAnAnswerTellsOfOneInstantWhileTheLedgerChanges,
	TestASnapshotIsGivenBackHoweverItsReaderEnds,
	TestAReaderOfASnapshotIsRefusedTheLedgerItself,
	TestAStreamIsWokenByItsOwnSitesNewsOnly,
	TestAKindOfEventWakesWhoWaitsForThatKind,
	TestChangesNameTheSitesThatACommitChanged,
	TestReleasesWaitForASlotAndGetItWhenOneEnds,
	TestWithoutLimitsNothingWaitsForASlot,
	TestABudgetIsWhatWasToldLastAndTurnsAreApart,
	TestAPreviewIsWrittenInThePlaceOfWhatWasRead,
}

// otherwise says why the other tests are of one engine, or of none.
var otherwise = map[string]string{
	"main_test.go":       "the lock of the file",
	"disk_test.go":       "SQLite's settings",
	"disk_linux_test.go": "the disk below the file",
	"backup_test.go":     "SQLite's backup",
	"postgres_test.go":   "both engines side by side",
	"engines_test.go":    "this file",
	"shared_test.go":     "no database",
	"replicas_test.go":   "several processes",
	"failover_test.go":   "several processes",
	"retention_test.go":  "SQLite's index and its clock; the tour is of both",
	"TestRunsThatWaitForApprovalAreKeptAndBackedUp":             "SQLite's backup",
	"TestAWebhookIsKeptOnceAndProcessedOnce":                    "opens the file itself; the tour is of both",
	"TestWhatWasToldOfARunIsReadWithoutGoingThroughItsWebhooks": "SQLite's plan of a query",
	"TestANameIsGoodOnce":                                       "opens the file itself; the tour is of both",
	"TestASecondProcessIsKeptOut":                               "the lock of the file",
	"TestAScheduledRequestWaitsUntilItIsDue":                    "time in a bubble, which is not the server's",
	"TestMoreRequestsThanOneTickTakesFallDueAtOnce":             "time in a bubble, which is not the server's",
	"TestOfManyFailuresTheNewestAreTold":                        "no database",
	"TestIDsSortAsTheyWereMade":                                 "no database",
	"TestNothingUpdatesOrDeletesAnEventButRetention":            "no database",
	"TestMigrationsRunOnAnEmptyFileAndAgainOnALedger":           "the file",
	"TestALedgerOfANewerPressrunIsNotTouched":                   "SQLite's text",
	"TestAnOldLedgerIsIndexedWhenItIsOpened":                    "SQLite's text",
	"TestABusyLedgerKeepsItsIndexClose":                         "breaks SQLite's index",
	"TestWordsOfTheIndexFindWhatBeginningsFind":                 "SQLite's index",
	"TestNoLimitMakesSQLitePlanAgain":                           "no database",
	"TestALookIsKeptWithItsRequest":                             "opens the file itself; the tour is of both",
	"TestARequestForUnchangedContentIsLiveWithTheReleaseBefore": "opens the file itself",
}

// patient is a database that lets a test hold a batch up for as long as it needs.
type patient struct{ *postgres.Database }

func (p patient) Traits() database.Traits {
	ways := p.Database.Traits()
	ways.Begin = strings.Replace(ways.Begin, "idle_in_transaction_session_timeout = 3000", "idle_in_transaction_session_timeout = 0", 1)
	return ways
}

func TestTheLedgerOnPostgreSQL(t *testing.T) {
	server := servers.StartPostgres(t)
	onSQLite := engineAt
	t.Cleanup(func() { engineAt = onSQLite })
	made := map[string]bool{}
	engineAt = func(t testing.TB, path string) database.Engine {
		t.Helper()
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(path)) // a hash never fails
		name := "ledger" + strconv.FormatUint(sum.Sum64(), 36)
		if !made[name] {
			server.SQL(t, "CREATE DATABASE "+name)
			made[name] = true
		}
		db, err := postgres.At(strings.Replace(server.Name(), "dbname=postgres", "dbname="+name, 1))
		if err != nil {
			t.Fatal(err)
		}
		return patient{db}
	}
	for _, test := range onEachEngine {
		t.Run(nameOf(test), test)
	}
}

func nameOf(test func(*testing.T)) string {
	name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}

func TestEveryTestIsOfEachEngineOrSaysWhyNot(t *testing.T) {
	both := map[string]bool{}
	for _, test := range onEachEngine {
		both[nameOf(test)] = true
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || f.Name.Name == "TestMain" {
				continue
			}
			found++
			if !both[f.Name.Name] && otherwise[f.Name.Name] == "" && otherwise[file] == "" {
				t.Errorf("%s of %s runs on SQLite alone: put it into onEachEngine, or say why not", f.Name.Name, file)
			}
		}
	}
	if found < len(both) {
		t.Errorf("only %d tests were found", found)
	}
}
