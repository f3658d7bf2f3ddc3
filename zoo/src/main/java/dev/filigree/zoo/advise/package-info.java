/** What size and sparsity a budget is best spent on, by published laws. */
@NullMarked
package dev.filigree.zoo.advise;

import org.jspecify.annotations.NullMarked;
