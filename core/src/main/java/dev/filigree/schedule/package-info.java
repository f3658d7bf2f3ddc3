/**
 * Values that depend on the step (sparsity, drop fraction, learning rate) and the steps at which
 * masks are updated.
 */
@NullMarked
package dev.filigree.schedule;

import org.jspecify.annotations.NullMarked;
