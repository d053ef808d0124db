// Which sources decide what a run computes: hashes that the set-up writes into Code.generated.h before a build.
//
// A hash of the whole program would change with every word of a help text, and results that are still right would be
// computed again.
#ifndef BASIN_CODE_STAMP_H
#define BASIN_CODE_STAMP_H

// `core=0123456789abcdef;graph=...`: `core` for the training loop, the optimizers and PluginAPI, and one for each module that is
// built with the program, by its folder's name in lower case. Empty where the set-up did not run.
const char *basinCodeHashes(void);

#endif
