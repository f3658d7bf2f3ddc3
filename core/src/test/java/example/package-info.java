/** The code of docs/optimizers.md, as a user of the library writes it. */
@NullMarked
package example;

import org.jspecify.annotations.NullMarked;
