/*
 * The list of cases: tables of lines in the language of cases.h, expanded once.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "cases.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPES "{f32,f16,bf16}"
#define PATTERN "feature/n100/h4/d64/f16/"

/* Rows of the support table. Each names the cases that it stands for: a "yes" in the table is something that check
 * has run. */
static const struct {
    const char *feature, *text;
    enum case_level level;
} features[] = {
    { "f32", "feature/f32/n100/h2/d64", CASE_QUICK },
    { "f16", "feature/f16/n100/h2/d64", CASE_QUICK },
    { "bf16", "feature/bf16/n100/h2/d64", CASE_QUICK },
    { "f16 or bf16 in, f32 out", "feature/{f16,bf16}-f32/n100/h2/d64", CASE_QUICK },
    { "q, k, v of different types", "feature/{f32-f16-bf16-f32,f16-bf16-f32-f16}/n100/h2/d64", CASE_QUICK },
    { "D 1 .. 256", "feature/n33/d{1,2,5,17,72,100,256}/f32", CASE_QUICK },
    { "D 192 with Dv 128, D 576 with Dv 512 (MLA)", "feature/n33/d{192:128,576:512}/f16", CASE_QUICK },
    { "GQA, MQA", "feature/n70/h{8:2,8:1}/d64/f16", CASE_QUICK },
    { "causal, both alignments", "feature/n70:100/{causal,causal/start}/d64/f16", CASE_QUICK },
    { "sliding window", "feature/n200/window{20:0,10:10,-1:7}/d64/f16", CASE_QUICK },
    { "attention sinks (first keys)", "feature/n200/causal/window20:0/sink4/d64/f16", CASE_QUICK },
    { "chunks", "feature/n200/{chunk32,chunk32:1,causal/chunk32}/d64/f16", CASE_QUICK },
    { "window or chunk (union)", "feature/n200/causal/window20:0/chunk64/union/d64/f16", CASE_QUICK },
    { "scale", "feature/n70/scale0.3/d64/f16", CASE_QUICK },
    { "softcap", "feature/n70/cap2/d64/f16", CASE_QUICK },
    { "ALiBi", "feature/n70/h4/alibi/d64/f16", CASE_QUICK },
    { "additive bias, any size broadcast", "feature/b2/n70/h4/bias{1111,11qk,1hqk,b11k,bhqk}-f16/d64/f16", CASE_QUICK },
    { "learned sink logit", "feature/n70/h4/sinklogit/d64/f16", CASE_QUICK },
    { "LSE", "feature/n70/h4/d64/f16/bhsd", CASE_QUICK },
    { "ragged batch (cu_seqlens)", "feature/cuq5.0.63/cuk70.3.63/h2/d64/f16/causal", CASE_QUICK },
    { "seqused_k", "feature/n5:70/used70.0.33/h2/d64/f16", CASE_QUICK },
    { "paged K/V", "feature/n5:70/used70.0.33/page16/h2/d64/f16", CASE_QUICK },
    { "pages of any size", "feature/n5:70/used70.0.33/page{1,3,256}/h2/d64/f16", CASE_QUICK },
    { "strided views, BSHD", "feature/b2/n70/h4/d40/{bshd,view}/f16", CASE_QUICK },
    { "rows that see no key, zero lengths", "feature/{n70:30/causal,n0:5,n5:0}/d64/f16", CASE_QUICK },
    { "one query, long keys", "feature/n1:5000/h8:2/d128/f16", CASE_QUICK },
    { "bits independent of the batch (batch_invariant)", "feature/n1:5000/h8:2/d128/f16/invariant", CASE_QUICK },
    { "patterns: any union, intersection, complement", PATTERN "pat[causal & (last(20) | strided(16)) & !keys(3)]",
      CASE_QUICK },
    { "patterns: dilated, strided, summary, random",
      PATTERN "pat[{dilated(3,9),strided(7),summary(16,4),random(16,3,1)}]", CASE_QUICK },
    { "patterns: global tokens", PATTERN "pat[band(32) | global(0..3, 50)]", CASE_QUICK },
    { "patterns: block masks, segments, bits", PATTERN "pat[{blocks(bm),segments(sg),bits(bt)}]", CASE_QUICK },
    { "patterns: one for each head", PATTERN "pat[heads(0..1: causal & last(20); 2: strided(9); 3: sink(4))]",
      CASE_QUICK },
    { "patterns in ragged and paged batches",
      "feature/{cuq5.0.63/cuk70.3.63,n5:70/used70.0.33/page16}/h2/d64/f16/pat[causal & strided(5)]", CASE_QUICK },
    /* K within a head and across heads, V, Q; 13 GB of host memory for the reference */
    { "tensors above 2^31 elements",
      "huge/{n1:2097216/h8/d128:1/f16/{bhsd,bshd},n1:2097216/h8/d1:128/bf16/bshd/causal/window100000:0,n16777280:3/"
      "d128:1/f16}",
      CASE_HUGE },
};

static const struct {
    enum case_level level;
    const char *text;
} rows[] = {
    /* sizes around those that tiles are made of */
    { CASE_QUICK, "dense/{full,causal}/n{1,7,63,65,127,129}/h2/d64/" TYPES },
    { CASE_QUICK, "dense/{full,causal}/n1000/d64/{f32,f16}" },
    { CASE_QUICK, "dense/{full,causal}/b2/h4:2/n{1:1000,1000:1,7:63,129:65,65:129,33:1000}/d40/f32" },
    { CASE_QUICK, "dense/causal/start/b2/h4:2/n{1:200,200:1,7:63,129:65,65:129}/d40/f32" },
    { CASE_FULL,
      "dense/{full,causal,causal/start}/b2/h2:1/n{1,7,63,65,127,129}:{1,7,63,65,127,129,1000}/d{64,80}/" TYPES },
    { CASE_FULL, "dense/{full,causal}/n{1000,1000:4096,2048:1000}/h2/d128/" TYPES },
    { CASE_FULL, "dense/causal/n{2,3,4,5,6,8,9,15,16,17,31,32,33,64,128,255,256,257}/h2/d64/f32" },

    /* head sizes */
    { CASE_QUICK, "dims/causal/n65/h2:1/d{1,3,8,16,40,64,72,80,96,128,192:128,256,576:512,17:33}/" TYPES },
    { CASE_QUICK, "dims/full/n70/d{64:1,1:64,128:192,33:17,100:4}/f32" },
    { CASE_FULL,
      "dims/full/n131/b2/h2:1/d{1,3,8,16,40,64,72,80,96,128,192:128,256,576:512,17:33}/" TYPES "/{bshd,view}" },
    { CASE_FULL, "dims/causal/n40/d{2,4,5,6,7,9,15,24,31,32,48,63,65,100,112,127,129,144,160,200,224,255}/{f32,f16}" },

    /* groups of query heads */
    { CASE_QUICK, "heads/causal/b2/n65/h{1,8:8,8:4,8:2,8:1,6:3,6:2,5:1,7}/d64/{f32,f16}" },
    { CASE_QUICK, "heads/full/n1:300/h{32:8,24:8,16:1,8:1}/d128/f16" },
    { CASE_FULL, "heads/{full,causal}/b2/n{3,40,130}/h{8:8,8:4,8:2,8:1,6:3,6:2,5:1,12:4,64:8}/d72/" TYPES },

    /* mixed types */
    { CASE_QUICK, "types/causal/n65/h2/d72/{f16-f32,bf16-f32,f32-f16-f16-f32,f16-f32-f32-f16,bf16-f16-f32-bf16}" },
    { CASE_FULL, "types/full/n70/h2/d64/" TYPES "-" TYPES "-" TYPES "-f32" },
    { CASE_FULL,
      "types/causal/n70/h2/d64/{f16-{f32,f16,bf16}-{f32,f16,bf16}-f16,bf16-{f32,f16,bf16}-{f32,f16,bf16}-bf16}" },

    /* masks, alone and combined */
    { CASE_QUICK, "mask/n200/d16/f32/window{0:0,1:0,0:1,5:3,64:0,-1:0,0:-1,-1:9,9:-1,1000:1000}" },
    { CASE_QUICK, "mask/causal/n200/d16/f32/window{0:0,1:0,63:0,64:0,65:0,100:100,9:-1,-1:9,1000:0}" },
    { CASE_QUICK, "mask/n200/d16/f32/{chunk1,chunk7,chunk64,chunk64:1,chunk50:2,chunk200,chunk1000}/{full,causal}" },
    { CASE_QUICK, "mask/n200/d16/f32/sink{1,4,70,500}/{full,causal}/{window10:3,chunk32,window30:2/chunk32}" },
    { CASE_QUICK, "mask/n200/d16/f32/{full,causal}/{full,sink3}/window{10:3,70:0}/chunk{32,20:1}/{full,union}" },
    { CASE_QUICK,
      "mask/n{70:200,200:70}/d16/f32/{full,start}/{causal,window10:3,chunk32,sink4/window5:5,causal/chunk16:1}" },
    { CASE_QUICK,
      "mask/n300/h4:2/d64/{f16,bf16}/causal/{window64:0,window63:0/sink4,chunk64,chunk64/window20:0/union}" },
    { CASE_QUICK, "mask/causal/n40:3000/d64/f32/{full,start}/window100:0/sink4" },
    { CASE_FULL, "mask/n{129,70:200,200:70,1:300,300:1}/d24/f32/{full,start}/{full,causal}/{full,sink1,sink65}/"
                 "{window0:0,window63:0,window64:64,window-1:5,window5:-1,chunk7,chunk64:1,window9:9/chunk64,"
                 "window9:9/chunk64/union,window70:-1/chunk32:1/union}" },
    { CASE_FULL,
      "mask/causal/n{1,100,3000}:6000/h2/d64/f16/{window100:0,window1000:0/sink4,chunk512,chunk512/window64:0/union}" },

    /* the logit: scale, softcap, ALiBi, bias; the learned sink */
    { CASE_QUICK, "logit/{full,causal}/n100/h4:2/d64/f32/{scale1,scale0.02,scale-0.25,cap0.5,cap30,scale0.5/cap5}" },
    { CASE_QUICK, "logit/causal/n100/h4:2/d64/f16/scale-0.25" },
    /* scores so large that maxima rise by more than any lag from one key tile to the next */
    { CASE_QUICK, "logit/n300/h2/d64/{f16,bf16}/scale1" },
    { CASE_QUICK, "logit/{full,causal/start,causal}/b2/n50:130/h6:3/d64/{f32,f16}/{alibi,alibibatch,alibi/cap3}" },
    { CASE_QUICK, "logit/b2/n66:70/h4:2/d32/f32/bias{1111,111k,11q1,1h11,b111,11qk,1hqk,b11k,b1qk,bh1k,bhq1,bhqk}" },
    { CASE_QUICK,
      "logit/causal/b2/n66:130/h4:2/d32/{f32/bias1hqk-{f16,bf16},f16/bias{11qk-f16,bhqk-f32},bf16/bias11qk-bf16}" },
    { CASE_QUICK, "logit/b2/n66:130/h4:2/d32/{f32,f16}/{full,causal}/bias{b11k,11qk,bhqk}/biasinf" },
    { CASE_QUICK, "logit/b2/n66:130/h4:2/d32/view/{f32,f16}/bias{bhqk,b11k,1h11}-f16" },
    { CASE_QUICK, "logit/b2/n66:130/h4:2/d64/{f32,f16,bf16}/causal/{sinklogit,sinklogit/nolse,sinklogit/window3:0}" },
    { CASE_QUICK, "logit/n200:70/h2/d64/f32/causal/{sinklogit,cap5/alibi/bias1hqk/sinklogit}" },
    { CASE_FULL, "logit/b2/n66:130/h4:2/d64/" TYPES "/{full,causal,window9:9}/{full,cap5}/{full,alibi,alibibatch}/"
                 "{full,bias1hqk,biasb11k-f16,bias11qk/biasinf}/{full,sinklogit}" },

    /* nothing to see */
    { CASE_QUICK,
      "empty/{f32,f16}/h4:2/d64/{n0:5,n5:0,n0:0,b0,n200:1/causal,n130:2/causal/window0:0}/{full,sinklogit}" },
    { CASE_QUICK, "empty/f32/h2/d64/n{5:3,130:65}/{causal/alibi,causal/bias1hqk,window-1:0/chunk8,start/window0:0}" },
    { CASE_QUICK, "empty/f32/h2/d64/n70/{start/window0:0/causal,biasb11k/biasinf,bias11qk/biasinf/causal/sinklogit}" },

    /* ragged batches */
    { CASE_QUICK, "ragged/{f32,f16}/h4:2/d64/{full,causal}/{cuq5.0.63/cuk5.0.63,cuq1.1.1/cuk7.300.1,cuq0.0/cuk5.0}" },
    { CASE_QUICK, "ragged/f32/h2:1/d40/{causal,causal/start,window7:2}/cuq65.3.0.129/cuk64.0.7.200/{full,bound,tail}" },
    { CASE_QUICK, "ragged/f16/h4:2/d64/causal/cuq65.3.0.129/cuk64.0.7.200/{bshd,view}/{tail,bound}" },
    { CASE_QUICK, "ragged/f32/h2/d32/{full,causal}/cuq30.4.70/cuk40.4.90/{used33.0.90,used40.4.1/bound}" },
    { CASE_QUICK,
      "ragged/f32/h2/d32/cuq30.4.70/cuk40.4.90/causal/{alibi,alibibatch,biasb11k,bias1hqk/bound,sinklogit}" },
    { CASE_QUICK, "ragged/f32/h2/d32/causal/{cuq30.4.70/n1:90,cuq30.4.70/n1:90/used90.3.80,n9:1/cuk40.4.90}" },
    { CASE_FULL, "ragged/" TYPES "/h4:2/d{64,80}/{full,causal,causal/start,causal/window20:0/sink2,chunk32:1}/"
                 "{cuq1.63.0.65.7/cuk129.63.5.1.0,cuq1.1.1.1/cuk1000.3.0.64,cuq200/cuk200,cuq0.0.9/cuk0.9.0}/"
                 "{full,tail,bound/bshd,view/tail}" },

    /* lengths of K in use */
    { CASE_QUICK, "used/{f32,f16}/h4:2/d64/{full,causal}/n{1:130,33:130}/used130.0.65" },
    { CASE_QUICK,
      "used/f32/h2/d64/n40:100/used1.99.0.100/{causal/start,causal/window9:0,bshd,view,sinklogit,bias1hqk}" },
    { CASE_FULL, "used/" TYPES
                 "/h4:2/d64/{full,causal,causal/start,window9:9}/n{1,33,130}:130/used130.0.1.64.129/{full,bshd,view}" },

    /* paged K and V */
    { CASE_QUICK, "paged/{f32,f16}/h4:2/d64/{full,causal}/page{1,3,16,64,256}/n9:150/used150.0.65" },
    { CASE_QUICK, "paged/f16/h4:2/d64/page{16,64}/{n9:64,n1:192,cuq9.0.64/n1:128}" },
    { CASE_QUICK,
      "paged/f32/h2/d40/causal/page16/n9:150/used150.0.65/{share,bshd,view,bound,share/view,window20:0/sink3}" },
    { CASE_QUICK, "paged/{f32,bf16}/h4:1/d64/causal/page{3,16}/cuq5.0.63.1/n1:150/used150.7.63.64/{full,share}" },
    { CASE_QUICK, "paged/f16/h8:2/d128/page{16,64}/n1:3000/used3000.17/{full,causal/window200:0/sink4}" },
    { CASE_FULL, "paged/" TYPES "/h4:2/d{64,72}/{full,causal,causal/window20:0/sink2,chunk32:1}/page{1,3,16,64,256}/"
                 "{n1:400/used400.1.0,n33:150/used150.0.65,cuq65.1.0/n1:300/used200.300.5}/{full,share,bshd,view}" },

    /* decode: few queries, many keys, so that rows are split */
    { CASE_QUICK, "decode/{f32,f16,bf16}/n1:5000/h8:2/d128/causal" },
    { CASE_QUICK, "decode/{f32,f16}/n3:1500/h4:1/d40:37/causal" },
    { CASE_QUICK,
      "decode/f32/h4:1/d64/{n1:5000,n3:4097,n1:8193}/{full,causal/window4000:0,causal/window300:0/sink4,sinklogit}" },
    { CASE_QUICK, "decode/f16/h8:8/d64/b2/n1:4096/{cap20,alibi,bias1h1k,biasb11k/biasinf,nolse,outlier}" },
    { CASE_FULL,
      "decode/" TYPES "/n{1,2,5,16}:{5000/h{8:8,8:2,8:1},20000/h8:2}/d128/{causal,causal/window4095:0/sink4}" },
    { CASE_FULL,
      "decode/" TYPES "/h8:2/d{64,256,576:512}/page64/n1:9000/used9000.1.4097/{full,causal/window5000:0/sink64}" },

    /* patterns: every primitive, its edges, more than the sequence */
    { CASE_QUICK,
      "pattern/n200/d16/f32/pat[{full,causal,window(5,3),window(-1,7),window(7,-1),window(1000,1000),last(1),"
      "last(65),last(1000),band(5),band(129),dilated(3,5),dilated(64,2),dilated(300,4),dilated(1,1000)}]" },
    { CASE_QUICK, "pattern/n200/d16/f32/pat[{strided({1,2,7,64,100,300}),summary(7,2),summary(64,64),summary(50,0),"
                  "summary(300,150),chunk(16),chunk(64,1),chunk(50,0,2),chunk(1000),sink(0),sink(70),sink(1000)}]" },
    { CASE_QUICK, "pattern/n200/d16/f32/pat[{keys(3),keys(0..4, 100..150, -1),queries(0..4, 100..150, -1),"
                  "global(0, 77, -2),global(-1),random(16,3,1),random(64,1,7),random(1,20,3),random(300,1,2)}]" },
    { CASE_QUICK, "pattern/n200/h2/d16/f32/pat[{blocks(bm),segments(sg),bits(bt)}]/{bm32,bm7:100/bmheads,bm64/start}" },
    { CASE_QUICK, "pattern/n130/h2/d32/{f16,bf16}/causal/pat[{full,last(20),strided(9),keys(3, 70..80),random(16,3,1),"
                  "blocks(bm),bits(bt)}]" },

    /* their unions, intersections, complements; nothing left */
    { CASE_QUICK,
      "pattern/n200/d16/f32/pat[{causal & (last(20) | sink(4)),causal & (strided(16) | last(16)),"
      "causal & (summary(16,4) | chunk(16)),band(16) | global(0..3, 150),!causal,!(strided(3) | sink(20)),"
      "causal & !last(50),band(20) & !band(10),blocks(bm) & causal,blocks(bm) | segments(sg),"
      "causal & segments(sg) & !blocks(bm),bits(bt) & !dilated(2,20),chunk(50) & (strided(5) | random(25,3,9)),"
      "!(causal & !keys(3..9)) & !queries(-5..-1),strided(4) & strided(6),causal & strided(4) & dilated(2,30),"
      "strided(6) | strided(9)}]" },
    { CASE_QUICK,
      "pattern/h2/d64/f32/{n70,n70/sinklogit,n1:300}/"
      "pat[{full & !full,keys(500),queries(3..5),causal & !last(1000),heads(1: causal),strided(2) & !causal}]" },
    { CASE_QUICK, "pattern/f32/h2/d64/{n0:5,n5:0,n0,b0}/pat[causal & strided(3)]" },
    { CASE_QUICK, "pattern/n200/h2/d32/f32/{causal,window20:9/sink2,causal/chunk32,causal/window8:0/chunk16/union}/"
                  "pat[{strided(3),!last(5),blocks(bm),window(30,2)}]" },

    /* more keys than queries, more queries than keys, both alignments */
    { CASE_QUICK, "pattern/n{70:200,200:70,1:300,300:1}/h2:1/d24/f32/{full,start}/"
                  "pat[{causal & (last(9) | strided(7)),band(40) | global(0, -1),queries(0..9) | summary(10,3),"
                  "blocks(bm) & causal,chunk(16,1) & bits(bt)}]" },
    { CASE_FULL, "pattern/n{63:65,129:1000,1000:129,16:4096}/h4:2/d64/" TYPES "/{full,start}/"
                 "pat[{causal & (last(100) | strided(64)),band(40) | global(0, -1),random(64,4,5) & causal,"
                 "dilated(5,30),causal & (chunk(64) | summary(64,8)),heads(0..2: segments(sg); 3: bits(bt))}]" },

    /* heads: groups that agree and that differ, one KV head for all, one mask each */
    { CASE_QUICK,
      "pattern/n130/d16/{f32,f16}/{h8:2,h8:1,h8}/pat[heads({0: causal; 1: causal & last(9); 2: strided(5); "
      "3..7: sink(3),0..3: causal & last(40); 4..7: causal & (sink(4) | strided(8)),5: band(9); 1: full})]" },
    { CASE_QUICK, "pattern/n{130,3:200,1:300}/h6:{2,1}/d24/f32/bm16/bmheads/pat[{blocks(bm),blocks(bm) | last(9)}]" },
    { CASE_QUICK, "pattern/n300/h4/d32/f16/pat[heads(0..1: causal & (last(18) | strided(17)); "
                  "2..3: causal & (chunk(16) | summary(16,4)))]" },

    /* sizes and types of heads; a few more rows than a tile */
    { CASE_QUICK, "pattern/n129/h2/{d64/" TYPES ",d{128,192:128,33:17}/f16}/pat[causal & (last(40) | strided(16))]" },
    { CASE_QUICK, "pattern/n1000/d64/{f32/pat[causal & {strided(33),!strided(2)}],f16/pat[causal & {strided(32),"
                  "dilated(9,40),(strided(31) | last(31))}]}" },
    { CASE_QUICK, "pattern/b2/n70/h4:2/d40/f16/{bshd,view,kvshared,outlier,low}/pat[causal & (last(9) | strided(8))]" },
    { CASE_QUICK, "pattern/n2500/d16/f16/pat[band(128) | global(0..3, 1700)]" },
    { CASE_FULL, "pattern/{n1000/h2/d64,n2500/h2/d64,n4000/h2/d128}/" TYPES "/pat[{band(512) | global(0..7, 1777),"
                 "causal & (last(256) | sink(4)),random(64,3,1) | chunk(64,1,1) | global(0..63, -64..-1)}]" },

    /* beside the rest of the logit */
    { CASE_QUICK, "pattern/b2/n66:130/h4:2/d24/{f32,f16}/pat[{causal & (last(20) | strided(16)),blocks(bm)}]/"
                  "{sinklogit,alibi,alibibatch,bias1hqk,biasb11k/biasinf,cap5/scale0.3,nolse,invariant}" },

    /* in ragged, cut and paged batches; patterns of intervals need no lengths */
    { CASE_QUICK, "pattern/cuq65.3.0.129/cuk64.0.7.200/h2:1/d24/{f32,f16}/{full,bound,tail,view,start}/"
                  "pat[{causal & (last(20) | strided(9)),band(20) | global(0, -1)}]" },
    { CASE_QUICK, "pattern/cuq65.3.0.129/cuk64.0.7.200/h2/d24/f32/pat[{blocks(bm),segments(sg),heads(1: bits(bt))}]" },
    { CASE_QUICK, "pattern/{cuq30.4.70/cuk40.4.90/used33.0.90,n40:100/used1.99.0.100,n33:130/used130.0.65/view}/h2/d32/"
                  "{f32,f16}/pat[{causal & strided(9),random(16,2,3) | last(5),keys(-3..-1) & causal}]" },
    { CASE_QUICK,
      "pattern/page{1,3,16,64}/n9:150/used150.0.65/h4:2/d32/{f32,f16}/pat[{causal & (last(20) | strided(9)),"
      "blocks(bm)}]" },
    { CASE_QUICK, "pattern/page{16,64}/{cuq9.0.64/n1:128,n1:192}/h4:2/d32/f16/"
                  "pat[{causal & (last(20) | strided(9)),blocks(bm)}]" },
    { CASE_QUICK, "pattern/{cuq5.0.63/cuk70.3.63,n9:150/used150.0.65/page16}/h2/d32/f32/nolengths/"
                  "pat[{causal & (last(20) | sink(3)),window(9,2) & chunk(16,1),full,causal}]" },
    { CASE_FULL, "pattern/" TYPES "/h4:2/d64/{cuq1.63.0.65.7/cuk129.63.5.1.0,n33:150/used150.0.65/page16,"
                 "cuq1.1.1.1/cuk1000.3.0.64}/{full,start}/{full,bound}/"
                 "pat[{causal & (last(9) | strided(7)),heads(0: causal; 1..3: blocks(bm)),band(9) | global(0, -1)}]" },

    /* decode: rows that are split, tiles that are left out */
    { CASE_QUICK, "pattern/n1:5000/h8:2/d64/{f32,f16}/pat[{causal & (last(4096) | sink(4)),strided(64),"
                  "random(64,20,1) | last(100),heads(0..3: last(300); 4: full; 5..7: sink(9))}]" },
    { CASE_QUICK, "pattern/n3:4097/h4:1/d64/f32/{full,sinklogit,invariant}/pat[causal & (strided(100) | last(1500))]" },
    { CASE_QUICK, "pattern/n1:3000/used3000.17/page64/h8:2/d128/f16/pat[causal & (blocks(bm) | last(64))]/bm64" },

    /* layouts and views */
    { CASE_QUICK, "layout/b2/n65:70/h4:2/d{40,64}/" TYPES "/{bhsd,bshd,view}/causal" },
    { CASE_QUICK, "layout/b3/n33/h2/d64/{f32,f16}/kvshared/{bhsd,view}" },

    /* distributions of the inputs */
    { CASE_QUICK, "inputs/{outlier,equal,low}/n130/h2/d64/" TYPES "/{full,causal}" },
    { CASE_QUICK, "inputs/{outlier,equal,low}/n3:3000/h2/d64/{f32,f16}" },
    { CASE_FULL, "inputs/{outlier,equal,low}/n{1,65,300}:{65,300,1000}/h4:2/d{64,128}/" TYPES
                 "/{full,causal,cap10,alibi,sinklogit}" },
};

/* ---- cases drawn at random ---------------------------------------------------------------------------------- */

/* One alternative of each line, drawn from a fixed seed: combinations nobody thought of. */
#define CHOICES 14
static const char *const choices[][CHOICES] = {
    { "n7", "n33", "n64", "b2/n65", "b2/n1:130", "n129:63", "b2/n63:129", "n5:300", "cuq7.0.33/cuk20.9.40",
      "cuq1.1.1/cuk100.0.65/bound", "n20:64/used40.0.64", "n9:70/page16/used33.70", "cuq3.17.0/n1:80/page3/used80.13.7",
      "cuq9.64.1/cuk64.64.30/used60.0.30/tail" },
    { "h1", "h2", "h4:2", "h6:2", "h8:1", "h3" },
    { "d64", "d128", "d16", "d40", "d17:33", "d96:32", "d1", "d80" },
    { "f32", "f16", "bf16", "f16-f32", "bf16-f32", "f32-bf16-f16-f32" },
    { "bhsd", "bshd", "view", "bhsd" },
    { "full", "causal", "causal", "window9:9", "causal/window20:0", "causal/window20:0/sink3", "chunk16:1",
      "causal/chunk32", "window5:-1/chunk8/union", "window30:30/chunk64/sink1", "causal/window8:0/chunk16/union/sink2",
      "window-1:3" },
    { "full", "start", "full" },
    { "full", "scale0.3", "cap4", "scale0.2/cap30", "full", "full" },
    { "full", "full", "full", "alibi", "alibibatch" },
    { "full", "full", "full", "bias1hqk", "bias11qk-f16", "biasb11k-bf16", "biasbh1k/biasinf", "bias1h11" },
    { "full", "full", "sinklogit", "nolse", "invariant" },
    { "full", "full", "full", "outlier", "equal", "low" },
    { "full", "full", "full", "pat[strided(5)]", "pat[causal & (last(9) | sink(3))]", "pat[band(12) | global(1, -2)]",
      "pat[blocks(bm)]/bm8:20", "pat[segments(sg)]", "pat[!bits(bt)]", "pat[heads(0: dilated(3,9); 1..9: chunk(8,1))]",
      "pat[random(8,2,6)]", "pat[summary(9,3) | last(2)]", "pat[full & !full]", "pat[queries(0..9) | keys(-1)]" },
};

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void draw_text(uint64_t *state, char text[CASE_NAME])
{
    size_t used = (size_t)snprintf(text, CASE_NAME, "random"), i;

    for (i = 0; i < sizeof choices / sizeof *choices; i++) {
        int count = 0;
        const char *choice;

        while (count < CHOICES && choices[i][count] != NULL)
            count++;
        choice = choices[i][draw(state) % (uint64_t)count];
        if (strcmp(choice, "full") != 0 && used < CASE_NAME)
            used += (size_t)snprintf(text + used, CASE_NAME - used, "/%s", choice);
    }
}

enum { RANDOM_QUICK = 150, RANDOM_FULL = 1500 };

/* ---- the list ----------------------------------------------------------------------------------------------- */

static struct {
    struct attention_case *cases;
    int count, capacity;
    enum case_level level; /* of what is being added */
    const char *feature;
} list;

/* Removes "/full", which only pads alternatives, so that one problem has one name. */
static void drop_padding(char *name)
{
    const char *from = name;
    char *to = name;

    while (*from != '\0')
        if (strncmp(from, "/full", 5) == 0 && (from[5] == '/' || from[5] == '\0'))
            from += 5;
        else
            *to++ = *from++;
    *to = '\0';
}

static int known(const char *name)
{
    int i;

    for (i = 0; i < list.count; i++)
        if (strcmp(list.cases[i].name, name) == 0)
            return 1;
    return 0;
}

static int grow(void)
{
    int capacity = list.capacity > 0 ? 2 * list.capacity : 1024;
    struct attention_case *cases = realloc(list.cases, (size_t)capacity * sizeof *cases);

    if (cases == NULL)
        return -1;
    list.cases = cases;
    list.capacity = capacity;
    return 0;
}

static int add(const char *text, void *context)
{
    char error[2 * CASE_NAME];
    struct attention_case *c;

    (void)context;
    if (list.count == list.capacity && grow())
        return -1;
    c = &list.cases[list.count];
    if (case_parse(text, c, error, sizeof error)) {
        fprintf(stderr, "list of cases: %s\n", error);
        return -1;
    }
    drop_padding(c->name);
    c->level = list.level;
    c->feature = list.feature;
    list.count += !known(c->name);
    return 0;
}

static int add_random(void)
{
    uint64_t state = 20260101;
    char text[CASE_NAME];
    int i;

    for (i = 0; i < RANDOM_FULL; i++) {
        list.level = i < RANDOM_QUICK ? CASE_QUICK : CASE_FULL;
        draw_text(&state, text);
        if (add(text, NULL))
            return -1;
    }
    return 0;
}

static int build(void)
{
    size_t i;

    for (i = 0; i < sizeof features / sizeof *features; i++) {
        list.level = features[i].level;
        list.feature = features[i].feature;
        if (case_expand(features[i].text, add, NULL))
            return -1;
    }
    list.feature = NULL;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        list.level = rows[i].level;
        if (case_expand(rows[i].text, add, NULL))
            return -1;
    }
    return add_random();
}

int cases_count(void)
{
    static int broken;

    if (list.count == 0 && !broken)
        broken = build();
    return broken ? -1 : list.count;
}

const struct attention_case *cases_get(int index)
{
    return index >= 0 && index < cases_count() ? &list.cases[index] : NULL;
}

int case_feature_count(void)
{
    return (int)(sizeof features / sizeof *features);
}

const char *case_feature_name(int index)
{
    return features[index].feature;
}
