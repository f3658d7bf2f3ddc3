/** Optimizers over ATen's operations, with their state in reach. */
@NullMarked
package dev.filigree.optim;

import org.jspecify.annotations.NullMarked;
