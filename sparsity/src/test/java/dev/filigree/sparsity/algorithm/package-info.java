/** Tests of what sparsity algorithms share. */
@NullMarked
package dev.filigree.sparsity.algorithm;

import org.jspecify.annotations.NullMarked;
