/** Run configurations in the Model Zoo's layout, as records. */
@NullMarked
package dev.filigree.zoo.config;

import org.jspecify.annotations.NullMarked;
