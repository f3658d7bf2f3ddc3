@NullMarked
package dev.filigree.zoo.eval;

import org.jspecify.annotations.NullMarked;
