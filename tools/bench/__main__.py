"""`make bench`: figures are printed, never asserted: they depend on the machine and its mood."""

from tools.bench import one_review, process

for part in (one_review, process):
    print("\n".join(part.measure()), flush=True)
