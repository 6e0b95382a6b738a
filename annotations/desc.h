/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation descriptors in the model's terms (model/translation.mlw, theory Desc).
 * The WP driver maps every symbol; there is no axiom on the C side.
 */
#ifndef ANNOTATIONS_DESC_H
#define ANNOTATIONS_DESC_H

#define PFN_COUNT 0x1000000000ul     /* frames of a 48-bit physical address space */

/*@ axiomatic desc_model {
      logic integer idx(integer n, integer l);
      predicate same_entry(integer n, integer m, integer l);
      predicate d_valid(integer p);
      predicate d_table(integer p, integer l);
      predicate d_leaf(integer p, integer l);
      logic integer d_pfn(integer p);
      logic integer d_next(integer p, integer l);
      logic integer d_mktable(integer c);
      logic integer d_sub(integer p, integer l, integer i);
      logic integer d_page(integer p, integer l, integer n);
      predicate d_attrs(integer a);
      logic integer d_span(integer l);
      logic integer d_first(integer n, integer l);
      logic integer d_flat(integer n, integer l, integer a);
    }
*/

#endif
