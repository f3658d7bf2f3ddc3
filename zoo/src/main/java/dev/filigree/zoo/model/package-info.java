/** Networks, each readable top to bottom in one file, and their files in Hugging Face's layout. */
@NullMarked
package dev.filigree.zoo.model;

import org.jspecify.annotations.NullMarked;
