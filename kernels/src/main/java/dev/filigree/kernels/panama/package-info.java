/** The innermost loops, written with the Vector API. */
@NullMarked
package dev.filigree.kernels.panama;

import org.jspecify.annotations.NullMarked;
