@NullMarked
package dev.filigree.kernels;

import org.jspecify.annotations.NullMarked;
