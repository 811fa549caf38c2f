package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
)

// words are how an export stands, and what to do next.
func (sum *summary) words() (outcome, next string) {
	const again = "tries once more what may still be had."
	switch {
	case len(sum.StoppedEarly) > 0 && len(sum.Closed) == 0:
		return "Not everything is exported: it stopped early, by the margin before the close. What is stored is safe.", sum.smaller
	case errors.Is(sum.runErr, exporter.ErrWindowClosed), errors.Is(sum.runErr, exporter.ErrStoppedEarly):
		return "Not everything is exported: the window is closed. What is stored is safe.", sum.afterClose()
	case errors.Is(sum.runErr, exporter.ErrInterrupted):
		return "Interrupted. What is stored is safe.", "Run the same command again: it goes on from here."
	case errors.Is(sum.runErr, errUnfinished):
		return "Not finished yet. What is stored is safe.", "Run the same command again: 'exitplan export' goes on from here, 'exitplan status' says how it goes."
	case errors.Is(sum.runErr, errUnsealed):
		return "Everything that is known is stored, but sealing is not finished: there may be no manifests of it yet.", "Run the same export again: it goes on with the sealing."
	case sum.runErr != nil:
		return "Stopped by an error. What is stored is safe.", "Mend what the error says, and run the same command again."
	case sum.Exceptions > 0 && sum.more:
		return "What is available by now was tried, but " + sum.Missing.String() + sum.Missing.are() + " missing. " + sum.coming(),
			"'exitplan status --exceptions' lists each with its reason. " + sum.again() + ": it takes what is there by then, and " + again
	case sum.Exceptions > 0:
		return "Finished, but " + sum.Missing.String() + sum.Missing.are() + " missing. Each is listed with its reason in root/data/exceptions.jsonl.", sum.remedy()
	case sum.undone() > 0:
		return "Finished, but " + plural(sum.undone(), "unit of work is", "units of work are") + " left undone, of datasets that are not selected any more.",
			"Select them again in source.datasets, or state what is left as missing with: exitplan export --seal"
	case sum.unverifiable():
		return "Finished, and nothing is known to be missing. Whether all recordings are here cannot be shown: with recordings.metadata: derived only the retention query tells of each, and it was not read in full, or too early for the last day.",
			"Run the same command again in a day; or, if it cannot be read, begin another export with recordings.metadata: full."
	case sum.more:
		return "Everything that is available by now is exported. " + sum.coming(), sum.again() + "."
	}
	return "Complete. Every expectation is met and every byte accounted for.", "Check it with: exitplan verify " + sum.Destination
}

// remedy is the one thing to do about what is missing, by what most hangs on.
func (sum *summary) remedy() string {
	has := func(r exporter.Reason) (n missing) {
		for name, m := range sum.reasons {
			if strings.HasSuffix(name, ": "+string(r)) {
				n.Items, n.Units = n.Items+m.Items, n.Units+m.Units
			}
		}
		return n
	}
	const list = " ('exitplan status --exceptions' lists all.)"
	denied, withheld, redacted := has(exporter.PermissionDenied), has(exporter.SensitiveExcluded), has(exporter.Redacted)
	switch archived := has(exporter.Archived); {
	case denied.Items+denied.Units > 0:
		return "Grant the OAuth client's role what 'exitplan check' says that it lacks, in all divisions, and run the same command again." + list
	case withheld.Items+redacted.Items > 0:
		return "Grant the OAuth client " + dataset.SensitivePermission + ", and run the same command again: it asks once more for what was withheld or redacted." + list
	case archived.Items > 0:
		return "Have the archived recordings restored and exported with: exitplan export --restore-archived" + list
	case !sum.wake.IsZero():
		return sum.again() + ": what is still being processed should be there by then." + list
	}
	return "Read root/data/exceptions.jsonl, or 'exitplan status --exceptions'; running the same command again tries once more what may still be had."
}

// coming is what there is still to come.
func (sum *summary) coming() string {
	if sum.days && len(sum.over) > 0 {
		return "Later days are still to come, but not of " + strings.Join(sum.over, " and of ") + ", whose window is closed: for them an extension is needed."
	}
	if sum.days {
		return "Later days are still to come."
	}
	return "Conversations that were still going on are read once more, 48 hours after the last that happened in them."
}

// again is when to run the same command again.
func (sum *summary) again() string {
	if !sum.closes.IsZero() {
		return "Run the same command again before " + sum.closes.UTC().Format(time.RFC3339) + ", when a window closes (what the platform completes only later needs an extension)"
	}
	if sum.days || sum.wake.IsZero() {
		return "Run the same command again tomorrow"
	}
	return "Run the same command again after " + sum.wake.UTC().Format(time.RFC3339)
}

// afterClose is what can be done about the classes that are closed.
func (sum *summary) afterClose() string {
	var list []string
	var ended []contract.Decision
	var never []string
	for _, d := range sum.Closed {
		switch {
		case !d.Next.IsZero():
			list = append(list, fmt.Sprintf("%s can be exported from %s: run the same command again then.", d.Class, d.Next.Format(time.RFC3339)))
		case !d.Closes.IsZero():
			ended = append(ended, d)
		default:
			never = append(never, d.Class)
		}
	}
	for _, d := range ended {
		list = append(list, reopening(d))
	}
	if len(ended) > 0 {
		list = append(list, "Once it is granted, run the same command again; or state the rest as missing with: exitplan export --seal")
	}
	if len(never) > 0 {
		list = append(list, "For "+strings.Join(never, " and ")+", correct contract in the configuration once that has changed, and run the same command again.")
	}
	if sum.smaller != "" {
		list = append(list, sum.smaller)
	}
	if len(list) == 0 { // opened again since
		return "Run the same command again: it goes on from here."
	}
	return strings.Join(list, "\n      ")
}

// reopening says which extension would open a class again that has ended. Its
// date is the customer's to choose: after it ends the class is closed again.
func reopening(d contract.Decision) string {
	end := d.Closes.Format(time.RFC3339)
	commands := fmt.Sprintf("exitplan extension request --classes %s --until DATE, and when it is granted: exitplan extension grant", d.Class)
	if d.Class == exporter.Recordings {
		return fmt.Sprintf("%s ended at %s: only an extension that was requested before then reopens them, until its own end. Record it with: %s", d.Class, end, commands)
	}
	return fmt.Sprintf("%s ended at %s: an extension that reaches beyond now reopens them from its grant until its own end. Record it with: %s", d.Class, end, commands)
}
