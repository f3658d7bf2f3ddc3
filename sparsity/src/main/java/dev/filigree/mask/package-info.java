/**
 * Selecting which weights exist: top-k, drop, grow, score shapers, tie breaks, initial masks,
 * distributions.
 */
@NullMarked
package dev.filigree.mask;

import org.jspecify.annotations.NullMarked;
