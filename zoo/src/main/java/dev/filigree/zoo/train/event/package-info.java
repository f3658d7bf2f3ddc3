/** What a run tells those who listen to it, as things happen. */
@NullMarked
package dev.filigree.zoo.train.event;

import org.jspecify.annotations.NullMarked;
